"""What others wrote, damaged in every way that can be thought of: it is read, or refused in the documented way."""
