// Lineside brings the desk phones of a hosted phone platform to life on the LAN
// of a branch. "lineside run" is the daemon; every other verb is the operator's
// tool and speaks to the daemon over its unix socket.
//
// This package holds settings, sockets, signals and wiring and decides nothing
// about phones: the front desk does (package provision). Its files, from the
// outside in: main.go and program.go are the program as a value that tests can
// start; settings*.go read the one strict file; check.go says all that is wrong
// with it and with this machine; box.go builds the parts, sockets.go opens what
// they listen on, task.go runs and stops them in order; demo*.go is the site
// played on loopback; cli_*.go are the operator's verbs.
package main
