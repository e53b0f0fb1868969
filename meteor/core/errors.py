"""The two ways in which a stage may end early, and their exit codes."""


class MeteorError(Exception):
    """The data, a model or a service failed. The message says where, what, and what to do."""

    exit_code = 1


class SettingsError(MeteorError):
    """The user's settings are wrong: a key, a value, a plugin's name."""

    exit_code = 2
