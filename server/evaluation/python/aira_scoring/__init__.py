"""What the scoring process is made of. It alone reads labels; nothing here is imported by a sandbox or a worker."""
