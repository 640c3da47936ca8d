// Package shelf keeps the files of releases in a folder of the central platform.
//
// A release is let onto the shelf when the makers' signature holds and all of it
// is as signed. That is for the platform's operators, who hear of a wrong file
// before a fleet does: boxes check everything again themselves, and a platform in
// an enemy's hands can make none of them take a program of its own.
//
// A shelf is one machine's. Which releases there are and who gets them is the
// platform's state (package central), which the nodes of a cluster share; the
// file itself is given to each of them.
package shelf
