package debroot

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// building bounds the making of one root: some 100 packages fetched and set up.
const building = 10 * time.Minute

// format changes whenever the same packages are to give another root.
const format = "1"

// cached gives the archive of the root with the packages, and makes it where
// there is none yet. Test processes that want the same one wait for the first.
func cached(packages []string) (path string, err error) {
	suite, err := release("/etc/os-release")
	if err != nil {
		return "", err
	}
	sources, err := aptSources("/etc/apt", suite)
	if err != nil {
		return "", err
	}
	path, err = place(suite, packages)
	if err != nil {
		return "", err
	}
	unlock, err := lock(path + ".lock")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	return path, build(path, suite, packages, sources)
}

// place is where the root with the packages is kept.
func place(suite string, packages []string) (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil { // a service has no home
		dir = os.TempDir()
	}
	dir = filepath.Join(dir, "lineside-test")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make the folder of Debian roots: %w", err)
	}
	wanted := slices.Sorted(slices.Values(packages))
	sum := sha256.Sum256([]byte(strings.Join(append([]string{format, suite, runtime.GOARCH}, wanted...), " ")))
	return filepath.Join(dir, "debroot-"+hex.EncodeToString(sum[:8])+".tar.zst"), nil
}

// build has mmdebstrap write the archive beside path, and then moves it there:
// what is at path is whole.
func build(path, suite string, packages, sources []string) (err error) {
	half := strings.TrimSuffix(path, ".tar.zst") + ".half.tar.zst"
	defer func() { _ = os.Remove(half) }()
	args := []string{"--variant=minbase", "--mode=root", "--include=" + strings.Join(packages, ","), suite, half}
	if out, err := command(building, "mmdebstrap", append(args, sources...)...); err != nil {
		return fmt.Errorf("build a Debian root with %q by mmdebstrap: %w\n%s", packages, err, out)
	}
	if err := os.Rename(half, path); err != nil {
		return fmt.Errorf("keep the Debian root: %w", err)
	}
	return nil
}

// lock waits until this process is the only one at the file's work.
func lock(path string) (unlock func() error, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the Debian root: %w", err)
	}
	for {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock the Debian root: %w", err), f.Close())
	}
	return f.Close, nil // closing gives the lock back
}

// release reads this machine's release, bookworm, from os-release(5).
func release(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read which Debian this is: %w", err)
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		if name, ok := strings.CutPrefix(lines.Text(), "VERSION_CODENAME="); ok {
			return strings.Trim(name, `"'`), nil
		}
	}
	return "", fmt.Errorf("%s names no release: this is no Debian", path)
}

// aptSources lists the files below apt's folder, in either of sources.list(5)'s
// forms, that offer the release: its mirrors and keys are good here too. What
// others put beside them (a vendor's archive has a suite of its own) stays out.
func aptSources(etc, suite string) ([]string, error) {
	var offer []string
	for _, pattern := range []string{"sources.list", "sources.list.d/*.list", "sources.list.d/*.sources"} {
		files, err := filepath.Glob(filepath.Join(etc, pattern))
		if err != nil {
			return nil, fmt.Errorf("list apt's sources: %w", err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, fmt.Errorf("read apt's sources: %w", err)
			}
			if slices.Contains(strings.Fields(string(text)), suite) {
				offer = append(offer, file)
			}
		}
	}
	if len(offer) == 0 {
		return nil, fmt.Errorf("no source of apt in %s offers %s, so no Debian root can be built", etc, suite)
	}
	return offer, nil
}
