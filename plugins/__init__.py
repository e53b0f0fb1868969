"""One folder a role, one file a plugin. The file's name is the plugin's name in params.yaml."""
