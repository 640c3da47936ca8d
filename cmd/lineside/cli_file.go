package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/lineside/lineside/shell"
)

// vacant refuses a path where something is, for a command that has --force.
func vacant(path string) error { return vacantOr(path, ", or --force to replace it") }

// vacantOr is vacant with what else there is to do than to write another name.
func vacantOr(path, instead string) error {
	_, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	return shell.Hint(fmt.Errorf("%s is there already", path), "write another name%s", instead)
}
