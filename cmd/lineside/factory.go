package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lineside/lineside/vendors"
)

// caFolder is where the operator puts the makers' CA certificates.
func (s settings) caFolder() string { return filepath.Join(s.State, "factory-ca") }

// factoryCAs reads the makers' CA certificates. What cannot be read is a problem;
// the rest counts.
func (s settings) factoryCAs(table vendors.Table) (vendors.CAs, problems) {
	cas, errs := table.LoadCAs(os.DirFS(s.caFolder()))
	var wrong problems
	for _, e := range errs {
		wrong = append(wrong, problem{File: filepath.Join(s.caFolder(), e.File), Text: e.Text})
	}
	return cas, wrong
}

// tellCAs says which makers' certificates count.
func (s settings) tellCAs(cas vendors.CAs) string {
	if len(cas) == 0 {
		return "no maker's CA is in " + s.caFolder() + ": no phone is trusted for its factory certificate"
	}
	var each []string
	for _, v := range slices.Sorted(maps.Keys(cas)) {
		each = append(each, fmt.Sprintf("%s (%d)", v, len(cas[v])))
	}
	return "factory certificates count where these makers' CAs signed them: " + strings.Join(each, ", ")
}
