package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	netmail "net/mail"
	"os"
	"strconv"
	"strings"

	"github.com/lineside/lineside/mail"
	"github.com/lineside/lineside/phone"
)

// mailSettings say where mail is handed over, and as whom.
type mailSettings struct {
	Host string // empty: no mail
	Port int
	From netmail.Address
	User string
	// Of Password and PasswordFile one is empty.
	Password     phone.Secret
	PasswordFile string
	TLS          mail.TLS
	CA           string // file; empty: the system's
}

type rawMail struct {
	SMTP         any `toml:"smtp"`
	From         any `toml:"from"`
	User         any `toml:"user"`
	Password     any `toml:"password"`
	PasswordFile any `toml:"password_file"`
	TLS          any `toml:"tls"`
	CA           any `toml:"ca"`
}

// mailPorts are the usual ports, where none is written.
var mailPorts = map[mail.TLS]int{mail.StartTLS: 587, mail.ImplicitTLS: 465, mail.NoTLS: 25}

// mail reads the section.
func (r *reader) mail(raw rawMail) mailSettings {
	m := mailSettings{
		TLS:          mail.TLS(r.word("mail.tls", raw.TLS, string(mail.StartTLS), string(mail.ImplicitTLS), string(mail.NoTLS))),
		User:         r.text("mail.user", raw.User, ""),
		Password:     r.secret("mail.password", raw.Password),
		PasswordFile: r.file("mail.password_file", raw.PasswordFile),
		CA:           r.file("mail.ca", raw.CA),
	}
	m.Host, m.Port = r.smtp("mail.smtp", raw.SMTP, mailPorts[m.TLS])
	m.From = r.sender("mail.from", raw.From)
	if m.Host == "" {
		return m
	}
	if !m.Password.IsZero() && m.PasswordFile != "" {
		r.add("mail.password_file", "is one of two passwords; write mail.password or mail.password_file")
	}
	r.ownPassword(m)
	for _, err := range flatten(m.server("").Check()) {
		key, text, _ := strings.Cut(err.Error(), ": ")
		if key = "mail." + key; !r.has(key) {
			r.add(key, text)
		}
	}
	return m
}

// ownPassword keeps a password of the operator's file from going to a server that
// was named on the page: whoever is an admin there is not one of the machine.
func (r *reader) ownPassword(m mailSettings) {
	moved := r.over.sets("mail.smtp") || r.over.sets("mail.tls")
	if moved && (m.PasswordFile != "" || !m.Password.IsZero() && !r.over.sets("mail.password")) {
		r.add("mail.smtp", "the password in the settings file is for the server named there; set mail.password with the new server, or change both in the file")
	}
}

// file reads an absolute path that may be left out.
func (r *reader) file(key string, raw any) string {
	if raw == nil || raw == "" {
		r.from(key, "", raw)
		r.paths[key] = true
		return ""
	}
	return r.absolute(key, raw, "/etc/lineside/"+key)
}

// smtp reads "host:port" or a host.
func (r *reader) smtp(key string, raw any, port int) (string, int) {
	text := r.text(key, raw, "")
	if text == "" {
		return "", 0
	}
	host := text
	if h, p, err := net.SplitHostPort(text); err == nil {
		host = h
		port, err = strconv.Atoi(p)
		if err != nil {
			port = 0
		}
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if host == "" || port < 1 || port > 65535 || strings.ContainsAny(host, " /@\t\r\n\"") || strings.Contains(host, ":") && net.ParseIP(host) == nil {
		r.add(key, fmt.Sprintf("%.80q is no mail server; write one such as \"mail.example.net:587\"", text))
		return "", 0
	}
	return host, port
}

// sender reads an address, with or without a name.
func (r *reader) sender(key string, raw any) netmail.Address {
	text := r.text(key, raw, "")
	if text == "" {
		return netmail.Address{}
	}
	a, err := netmail.ParseAddress(text)
	if err != nil {
		r.add(key, fmt.Sprintf("%.80q is no sender; write an address such as \"Lineside <lineside@example.net>\"", text))
		return netmail.Address{}
	}
	return *a
}

// server is the mail server for a box of that name.
func (m mailSettings) server(hello string) mail.Server {
	s := mail.Server{Host: m.Host, Port: m.Port, From: m.From, User: m.User, TLS: m.TLS, Hello: hello}
	switch {
	case m.PasswordFile != "":
		s.Password = func() (phone.Secret, error) { return readPassword(m.PasswordFile) }
	case !m.Password.IsZero():
		s.Password = func() (phone.Secret, error) { return m.Password, nil }
	}
	if m.CA != "" {
		s.Roots = func() (*x509.CertPool, error) { return readRoots(m.CA) }
	}
	return s
}

// Bounds of the files.
const (
	maxPasswordFile = 4 << 10
	maxRoots        = 1 << 20
)

// readPassword reads a file that others may not read.
func readPassword(path string) (phone.Secret, error) {
	text, mode, err := readSmall(path, maxPasswordFile)
	switch {
	case err != nil:
		return phone.Secret{}, fmt.Errorf("read the mail password: %w", err)
	case mode.Perm()&0o007 != 0:
		return phone.Secret{}, fmt.Errorf("read the mail password: %s can be read by everybody on this machine (mode %v); run: chmod o= %s", path, mode.Perm(), path)
	}
	password := strings.TrimRight(string(text), "\r\n")
	if password == "" || strings.ContainsAny(password, "\r\n\x00") {
		return phone.Secret{}, fmt.Errorf("read the mail password: %s holds no password, which is one line", path)
	}
	return phone.NewSecret(password), nil
}

// readRoots reads certificates of CAs.
func readRoots(path string) (*x509.CertPool, error) {
	text, _, err := readSmall(path, maxRoots)
	if err != nil {
		return nil, fmt.Errorf("read the mail server's CA: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("read the mail server's CA: %s holds no certificate in PEM", path)
	}
	return roots, nil
}

func readSmall(path string, most int64) ([]byte, os.FileMode, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(text)) > most {
		err = errors.New(path + " is too large: this is some other file")
	}
	return text, info.Mode(), err
}

// checkMail looks at what the settings of mail name on this machine.
func checkMail(s settings) (wrong problems, note string) {
	if s.Mail.Host == "" {
		return nil, "no mail server is set: whoever forgets a password is given another by an admin"
	}
	server := s.Mail.server("")
	if server.Password != nil {
		if _, err := server.Password(); err != nil {
			wrong = append(wrong, problem{File: s.Path, Key: "mail.password_file", Text: err.Error()})
		}
	}
	if server.Roots != nil {
		if _, err := server.Roots(); err != nil {
			wrong = append(wrong, problem{File: s.Path, Key: "mail.ca", Text: err.Error()})
		}
	}
	return wrong, fmt.Sprintf("mail goes to %s, which was not asked; sudo lineside doctor tries it", server.Address())
}
