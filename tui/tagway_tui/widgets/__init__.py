"""The widgets: virtual lists of lines, and the bars around them."""
