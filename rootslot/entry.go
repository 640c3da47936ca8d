package rootslot

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// tries is how often a new slot may fail to come up.
const tries = 3

// entry is one of the boot loader's.
type entry struct {
	file   string // its name in the folder
	slot   string // a or b
	number int    // the highest is started
	trial  bool   // it has a counter
	left   int    // tries left, of a trial
}

// dead says that the boot loader starts it no more while there is another.
func (e entry) dead() bool { return e.trial && e.left == 0 }

// entryName is lineside-a.conf, lineside-b+3.conf, lineside-b+2-1.conf.
var entryName = regexp.MustCompile(`^lineside-([ab])(?:\+([0-9]{1,4})(?:-[0-9]{1,4})?)?\.conf$`)

// entriesOf is the folder of entries on the boot partition.
func entriesOf(boot string) string { return filepath.Join(boot, "loader", "entries") }

// readEntries lists the slots' entries, the newest first.
func readEntries(boot string) ([]entry, error) {
	files, err := os.ReadDir(entriesOf(boot))
	if err != nil {
		return nil, fmt.Errorf("list the boot entries: %w", err)
	}
	var all []entry
	for _, f := range files {
		part := entryName.FindStringSubmatch(f.Name())
		if part == nil {
			continue
		}
		e := entry{file: f.Name(), slot: part[1], trial: part[2] != ""}
		if e.trial {
			e.left, _ = strconv.Atoi(part[2]) // digits, as matched
		}
		if e.number, err = readNumber(filepath.Join(entriesOf(boot), e.file)); err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b entry) int { return b.number - a.number })
	return all, nil
}

// readNumber reads the number of an entry. One that cannot be read has the lowest:
// so the boot loader sees it.
func readNumber(path string) (int, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, fmt.Errorf("read a boot entry: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if v, ok := strings.CutPrefix(line, "version "); ok {
			n, _ := strconv.Atoi(strings.TrimSpace(v))
			return max(n, 0), nil
		}
	}
	return 0, nil
}

// of is the slot's entry; a power cut in the middle of Try may have left two, of
// which the newer counts.
func of(all []entry, slot string) (entry, bool) {
	at := slices.IndexFunc(all, func(e entry) bool { return e.slot == slot })
	if at < 0 {
		return entry{}, false
	}
	return all[at], true
}

// removeEntries takes the slot's entries away: nothing of it is started any more.
func removeEntries(boot, slot string) error {
	all, err := readEntries(boot)
	if err != nil {
		return err
	}
	for _, e := range all {
		if e.slot != slot {
			continue
		}
		if err := os.Remove(filepath.Join(entriesOf(boot), e.file)); err != nil {
			return fmt.Errorf("remove the boot entry of slot %s: %w", slot, err)
		}
	}
	return nil
}

// writeTrial writes the entry with which the slot is tried, from the template that
// came with it.
func writeTrial(boot, slot string, number int) error {
	template, err := os.ReadFile(filepath.Join(kept(boot, slot), templateFile))
	if err != nil {
		return fmt.Errorf("read what slot %s is to be started with: %w", slot, err)
	}
	version, err := os.ReadFile(filepath.Join(kept(boot, slot), versionFile))
	if err != nil {
		return fmt.Errorf("read the version in slot %s: %w", slot, err)
	}
	text := strings.NewReplacer("@SLOT@", slot, "@NUMBER@", strconv.Itoa(number), "@VERSION@", string(version)).Replace(string(template))
	return writeWhole(filepath.Join(entriesOf(boot), fmt.Sprintf("lineside-%s+%d.conf", slot, tries)), strings.NewReader(text))
}

// rename gives the entry another counter, or none.
func (e entry) rename(boot, to string) error {
	err := os.Rename(filepath.Join(entriesOf(boot), e.file), filepath.Join(entriesOf(boot), to))
	if err != nil {
		return fmt.Errorf("rename boot entry %s to %s: %w", e.file, to, err)
	}
	return nil
}

// kept is where the boot partition has a slot's kernel.
func kept(boot, slot string) string { return filepath.Join(boot, "lineside", slot) }

// Files of a slot on the boot partition.
const (
	templateFile = "entry.conf"
	versionFile  = "version"
	kernelFile   = "vmlinuz"
	initrdFile   = "initrd.img"
)
