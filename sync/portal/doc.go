// Package portal is the operators' HTTP API of the platform and its Go client,
// which the command line is built on. It decides nothing: every change is a
// call of sync/central's Operator, which writes who made it.
//
// Everything is JSON below /v1, but for CSV files and the metrics. One table,
// routes, holds each call with its role, what it takes and what it gives;
// /v1/openapi.json is made from it, so that the two cannot differ.
//
// # Who may
//
// A bearer token has one of five roles, each including those before it: edge
// asks whether addresses are whitelisted and nothing else; viewer reads and sees no secret; operator works with sites, devices and people;
// reseller may also let a device in by its brand's password once more and set
// what counts for all sites; admin also keeps the tokens and the backup. Only
// the tokens' hashes are kept. Whoever shows no good one gets one answer,
// whatever the path, and wrong ones are bounded by address.
//
// Secrets the platform makes (PINs, one-time passwords, SIP passwords, join
// tokens) stand in the answer to the call that made them and nowhere else.
package portal
