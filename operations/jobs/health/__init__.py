"""What an operator must know about a stack: its mappings, queues, generations, erasures and alarms."""
