// Lineside-central is the reference central platform and its operators' command
// line. "lineside-central run" is the platform: it embeds the broker, or uses a
// cluster, keeps its state in one directory and answers boxes and operators.
// Every other verb but restore asks the running platform over its HTTP API, so
// that whatever the command line can do a program can.
//
// The package wires and decides nothing.
package main
