group = "images"
