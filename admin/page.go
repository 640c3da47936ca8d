package admin

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // page, style and API description
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

//go:embed openapi.json
var openAPI []byte

// page is the front page: one template, one style sheet written into it, and
// the policy that allows that style sheet and nothing else.
type page struct {
	template *template.Template
	policy   string
}

func newPage() (page, error) {
	t, err := template.New("page").Parse(pageHTML)
	if err != nil {
		return page{}, fmt.Errorf("admin page: %w", err)
	}
	sum := sha256.Sum256([]byte(pageCSS))
	return page{template: t, policy: "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src 'sha256-" +
		base64.StdEncoding.EncodeToString(sum[:]) + "'"}, nil
}

// getPage is what a browser finds at /: who this is and how to go on. It says
// nothing of the site's phones.
func (s *Server) getPage(c *call) error {
	var b bytes.Buffer
	err := s.page.template.Execute(&b, struct {
		Site, API string
		CSS       template.CSS
	}{s.dep.Desk.Site().Name, API, template.CSS(pageCSS)})
	if err != nil {
		return fmt.Errorf("admin page: %w", err)
	}
	c.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	c.w.Header().Set("Content-Security-Policy", s.page.policy)
	c.write(http.StatusOK, b.Bytes())
	return nil
}

func (s *Server) getOpenAPI(c *call) error {
	c.w.Header().Set("Content-Type", "application/json")
	c.write(http.StatusOK, openAPI)
	return nil
}
