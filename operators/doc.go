// Package operators holds what the HTTP API of a box (admin) and that of the
// platform (sync/portal) have in common: the error both ends speak, strict JSON
// bodies, bearer tokens with a bound on guesses, and CSV cells no spreadsheet
// runs. Operators should not have to learn two of them. It knows no routes, no
// roles and no nouns but what can stand in a body.
package operators
