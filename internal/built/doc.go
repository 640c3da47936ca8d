// Package built makes this module's programs for tests, each once, and starts them
// so that they end with the test.
package built
