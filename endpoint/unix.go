package endpoint

var unixScheme = scheme{
	prefix:  "unix:",
	form:    "unix:PATH",
	meaning: "Unix stream socket; unix:@NAME is an abstract one (Linux)",
	dial:    dialSocket,
	listen:  listenSocket,
}
