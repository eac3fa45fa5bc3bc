"""What would stop a deployment, asked before it starts. Every call only reads."""
