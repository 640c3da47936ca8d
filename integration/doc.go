// Package integration runs the built program as its users do: started from a
// settings file, killed without warning, asked by real clients on networks of
// its own. It holds tests only.
package integration
