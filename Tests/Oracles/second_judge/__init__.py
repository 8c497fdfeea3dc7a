"""What certificate.py knows of files, layers and fields; in Python's standard library, and without a line of the package."""
