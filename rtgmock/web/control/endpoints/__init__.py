"""The endpoints of the control API: a module for each subject, which makes a blueprint for what it controls."""
