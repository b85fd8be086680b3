/// The version of this library and of the command.
public let sparseVideoGenVersion = "0.1.0"
