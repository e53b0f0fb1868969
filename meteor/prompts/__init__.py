"""What models are asked: templates that people edit, and the prompts that they become."""
