// Command lineside-fleet plays desk phones against a provisioning box: one, to
// see what a phone would be told, or some thousands, to see how the box takes
// it when power comes back to a building. It prints what each phone does and a
// report, and ends with status 1 when a phone did not get what was expected.
//
// It is for a box that is yours: it asks for addresses and types passwords.
package main
