"""The directory: what routing must know of a customer while every other service is down."""
