package main

import (
	"context"
	"fmt"
	"os"

	"github.com/lineside/lineside/mail"
)

// openMail makes the post, also where no server is set: what waits in the queue
// shows, and a reload may name one.
func (b *box) openMail() (err error) {
	cfg := mail.Config{Server: b.settings.Mail.server(helloName()), Now: b.now}
	b.post, err = mail.New(cfg, b.store, mail.Tools{Log: b.log, Health: b.health, Metrics: b.metrics})
	if err != nil {
		return err
	}
	b.base = append(b.base, newServer("mail", b.post.Serve))
	return nil
}

// helloName is what the box calls itself to mail servers.
func helloName() string {
	name, err := os.Hostname()
	if err != nil {
		return "" // the post's own default
	}
	return name
}

// replaceMail has mail go to the server that settings name now.
func (b *box) replaceMail(ctx context.Context, next settings) error {
	if err := b.post.SetServer(ctx, next.Mail.server(helloName())); err != nil {
		return fmt.Errorf("take over the mail server: %w", err)
	}
	return nil
}
