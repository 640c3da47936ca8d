package portal

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
)

const databaseType raw = "application/octet-stream"

func backupRoutes() []route {
	return []route{
		{method: "GET", path: V1 + "/backup", least: Admin, about: "Gives a copy of the whole database, as of one moment; the keys are not in it.", out: databaseType, status: 200, do: (*Server).getBackup},
	}
}

// getBackup makes the copy whole before its first byte leaves, so that it is
// complete or an error.
func (s *Server) getBackup(c *call) (any, error) {
	dir, err := os.MkdirTemp(s.cfg.Scratch, "backup-")
	if err != nil {
		return nil, fmt.Errorf("copy the database: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "central.db")
	if err := s.p.CopyTo(path); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("copy the database: %w", err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("copy the database: %w", err)
	}
	if err := s.by(c).Note("backup taken"); err != nil {
		return nil, err
	}
	c.w.Header().Set("Content-Type", string(databaseType))
	c.w.Header().Set("Content-Length", strconv.FormatInt(info.Size(), 10))
	c.w.WriteHeader(http.StatusOK)
	if _, err := io.Copy(c.w, f); err != nil {
		panic(http.ErrAbortHandler) // the caller sees that it is not whole
	}
	return nil, nil
}
