package tftpd

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime/debug"
	"time"

	"github.com/pin/tftp/v3"

	"github.com/lineside/lineside/provision"
)

// answer asks the desk and sends what it gives. The library answers an error
// with an error packet, in the relay's words.
func (s *Server) answer(ctx context.Context, r *relay, rf io.ReaderFrom) (err error) {
	out, ok := rf.(tftp.OutgoingTransfer)
	if !ok {
		return errNotOurs
	}
	alias := out.RemoteAddr()
	t := r.find(&alias)
	if t == nil {
		return errGone
	}
	answer, err := s.ask(ctx, t)
	if err != nil {
		s.complain("the desk could not answer; the phone was refused", "remote", t.peer, "file", provision.Loggable(t.req.name), "err", err)
	}
	if err != nil || answer.Status != provision.Content {
		s.answers[outcomeRefused].Inc()
		s.log.Debug("request refused", "remote", t.peer, "file", provision.Loggable(t.req.name))
		return errRefused
	}
	defer r.end(t)
	start := time.Now()
	var body io.ReadSeeker = bytes.NewReader(answer.Body)
	if answer.File != nil {
		defer func() { _ = answer.File.Close() }() // nothing was written
		body = answer.File
	}
	_, err = rf.ReadFrom(&bounded{ReadSeeker: body, until: t.until})
	outcome := outcomeContent
	if err != nil {
		outcome = outcomeBroken
	}
	s.answers[outcome].Inc()
	s.log.Debug("transfer ended", "remote", t.peer, "file", provision.Loggable(t.req.name), "decision", outcome, "dur", time.Since(start), "err", err)
	return err
}

var errRefused = errors.New("refused")

// ask puts the question; a panic of the desk is an error like any other.
func (s *Server) ask(ctx context.Context, t *transfer) (answer provision.Answer, err error) {
	err = errRefused // what a panic leaves behind
	defer s.recovered()
	ctx, cancel := context.WithDeadline(ctx, t.until)
	defer cancel()
	return s.desk.Fetch(ctx, provision.Ask{Front: provision.TFTP, Remote: t.peer, File: t.req.name})
}

// recovered is deferred where a panic must not end the daemon.
func (s *Server) recovered() {
	if p := recover(); p != nil {
		s.metrics.Panics.WithLabelValues(string(provision.TFTP)).Inc()
		s.complain("recovered", "err", p, "stack", string(debug.Stack()))
	}
}

// complain logs at Error once a second at most, for a stranger chooses how often
// it is called; what is left out is counted all the same.
func (s *Server) complain(msg string, facts ...any) {
	now, last := time.Now().Unix(), s.complained.Load()
	if now != last && s.complained.CompareAndSwap(last, now) {
		s.log.Error(msg, facts...)
	}
}

func (s *Server) drop(reason string) {
	s.metrics.Dropped.WithLabelValues(string(provision.TFTP), reason).Inc()
}

// bounded is a file that can be read until a given time.
type bounded struct {
	io.ReadSeeker
	until time.Time
}

// Read gives the next block.
func (b *bounded) Read(p []byte) (int, error) {
	if time.Now().After(b.until) {
		return 0, errTooLong
	}
	return b.ReadSeeker.Read(p)
}

var errTooLong = errors.New("the transfer took too long")
