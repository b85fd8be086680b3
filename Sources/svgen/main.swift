print("svgen")
