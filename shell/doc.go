// Package shell is what the command lines of box and platform have in common:
// errors that say what to type next, words for arguments that make no sense,
// text that cannot steer a terminal, tables, and files written whole. It knows
// no verbs.
package shell
