// Program bom writes what is in a program that is handed out, and under which
// licences: a CycloneDX 1.6 bill of materials, and the file of copyrights with
// every licence's text, as Debian's policy (12.5) wants it beside a package.
//
//	go run ./packaging/bom -name lineside -version 1.2.3 -out DIR ./cmd/lineside ./cmd/lineside-fleet
//
// It asks the go tool for the packages that are linked for GOOS, GOARCH and
// GOARM of the environment, so it names what is inside and not what go.mod knows;
// texts come from the modules as they were fetched. A licence it does not know
// by its words is an error, not a guess: somebody reads it, and then its words
// go into the table. The same commit gives the same bytes; SOURCE_DATE_EPOCH is
// the only clock.
package main
