package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

func main() {
	var o order
	flag.StringVar(&o.name, "name", "", "what the package is called")
	flag.StringVar(&o.version, "version", "", "its version")
	flag.StringVar(&o.out, "out", ".", "folder for copyright and sbom.cdx.json")
	flag.Parse()
	o.programs = flag.Args()
	if err := o.write(os.Getenv("SOURCE_DATE_EPOCH")); err != nil {
		fmt.Fprintln(os.Stderr, "bom:", err)
		os.Exit(1)
	}
}

// order is what is to be written about which programs.
type order struct {
	name, version, out string
	programs           []string
}

// write writes both files.
func (o order) write(epoch string) error {
	if o.name == "" || o.version == "" || len(o.programs) == 0 {
		return errors.New("say -name, -version and the programs, such as ./cmd/lineside")
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return fmt.Errorf("SOURCE_DATE_EPOCH is %q; set it to the commit's time: git log -1 --format=%%ct", epoch)
	}
	packages, err := linked(o.programs)
	if err != nil {
		return err
	}
	parts, err := components(packages)
	if err != nil {
		return err
	}
	bill, err := cycloneDX(o.name, o.version, time.Unix(seconds, 0).UTC(), parts)
	if err != nil {
		return fmt.Errorf("write the bill of materials: %w", err)
	}
	if err := os.WriteFile(filepath.Join(o.out, "sbom.cdx.json"), bill, 0o644); err != nil {
		return fmt.Errorf("write the bill of materials: %w", err)
	}
	if err := os.WriteFile(filepath.Join(o.out, "copyright"), copyright(o.name, parts), 0o644); err != nil {
		return fmt.Errorf("write the copyrights: %w", err)
	}
	return nil
}
