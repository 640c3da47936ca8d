// Package archtest keeps the architecture true: a table says which package may
// import which of ours, with the reason, and who owns each third-party module.
// Its test fails on any other edge, on a package the table does not know, and
// on a package without exactly one package comment.
//
// Test files may import more and are not looked at.
package archtest
