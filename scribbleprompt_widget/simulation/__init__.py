"""The simulated annotator: scribbles, clicks and boxes drawn from masks, as training and evaluation need them.

`rounds` is the entrance; the numbers are in `config`, the chance in `draws`.
"""
