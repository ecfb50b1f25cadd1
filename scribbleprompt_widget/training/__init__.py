"""Training: tasks and synthetic data, augmentation, losses, the loop."""
