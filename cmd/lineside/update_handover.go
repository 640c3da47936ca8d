package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"

	"github.com/spf13/cobra"
)

// handOver has the program in the slot that counts take this one's place, with the
// same words: the same process, so that the sockets and the notifications of
// systemd are its own. It returns where this program is the one that counts, and
// where the other cannot be had: then this one, which came with the package, does
// the work, and says why.
//
// The helper and what names this build stay here: what turns back from an update
// is not to be part of it.
func (p *program) handOver(cmd *cobra.Command) {
	if top := topVerb(cmd); slices.Contains([]string{"", "update", "version", "help", "completion", cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd}, top) {
		return
	}
	if err := takeOver(programSlots{dir: p.slots, base: thisBuild().Version}); err != nil {
		_, _ = fmt.Fprintf(p.err, "lineside: the updated program cannot be used, and that of the package does the work: %v\n", err)
	}
}

func topVerb(cmd *cobra.Command) string {
	for cmd.HasParent() && cmd.Parent().HasParent() {
		cmd = cmd.Parent()
	}
	if !cmd.HasParent() {
		return ""
	}
	return cmd.Name()
}

// takeOver executes the program that counts, if it is another than this.
func takeOver(slots programSlots) error {
	if _, err := os.Lstat(slots.path(linkCurrent)); err != nil {
		return nil // nothing was ever updated
	}
	self, err := os.Stat("/proc/self/exe")
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	own, ok := self.Sys().(*syscall.Stat_t)
	if !ok {
		return errors.New("this system does not say whose a file is")
	}
	path, _, err := slots.program(own.Uid)
	if err != nil || path == "" {
		return err
	}
	other, err := os.Stat(path)
	if err != nil || os.SameFile(self, other) {
		return err
	}
	return fmt.Errorf("start %s: %w", path, syscall.Exec(path, append([]string{path}, os.Args[1:]...), os.Environ()))
}
