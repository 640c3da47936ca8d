package pages

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed assets/*.css assets/*.js assets/*.svg assets/third_party/*.js
var assetFiles embed.FS

const assetPath = "/assets/"

// assets are the style sheet and the scripts, under names that change with what
// is in them: a browser keeps them for good.
type assets struct {
	byName map[string]string // the name templates know → its URL
	byURL  map[string]asset
}

type asset struct {
	media       string
	plain, gzip []byte
}

func newAssets() (*assets, error) {
	a := &assets{byName: make(map[string]string), byURL: make(map[string]asset)}
	err := fs.WalkDir(assetFiles, "assets", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := assetFiles.ReadFile(file)
		if err != nil {
			return err
		}
		return a.add(path.Base(file), data)
	})
	if err != nil {
		return nil, fmt.Errorf("read the pages' files: %w", err)
	}
	return a, nil
}

func (a *assets) add(name string, data []byte) error {
	sum := sha256.Sum256(data)
	ext := path.Ext(name)
	url := assetPath + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(data); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	media := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}[ext]
	a.byName[name] = url
	a.byURL[url] = asset{media: media, plain: data, gzip: b.Bytes()}
	return nil
}

// url is where a file is.
func (a *assets) url(name string) (string, error) {
	url, ok := a.byName[name]
	if !ok {
		return "", fmt.Errorf("there is no file %q", name)
	}
	return url, nil
}

// ServeHTTP gives a file to anybody: there is nothing of the site in them.
func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x, ok := a.byURL[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Type", x.media)
	h.Set("Vary", "Accept-Encoding")
	body := x.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = x.gzip
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // a browser that went away needs no file
}
