package tftpd

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/pin/tftp/v3"
)

// Serve answers on conn, which must be a UDP socket such as Listen opens, until
// ctx ends; then it lets transfers finish within Config.StopWithin and returns
// nil. It closes conn.
func (s *Server) Serve(ctx context.Context, conn net.PacketConn) error {
	defer conn.Close()
	main, ok := conn.(*net.UDPConn)
	if !ok {
		return fmt.Errorf("serve tftp: a %T is no UDP socket", conn)
	}
	if err := control(main, wantLocal); err != nil {
		return fmt.Errorf("serve tftp on %s: ask for packet addresses: %w", main.LocalAddr(), err)
	}
	// What runs when ctx ends is to finish, so it is cut loose from it.
	inner, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	r := newRelay(s, main)
	lib := s.library(func(rf io.ReaderFrom) error { return s.answer(inner, r, rf) })
	libEnd := make(chan struct{})
	go func() {
		defer close(libEnd)
		s.drive(lib, r)
	}()
	heard := make(chan error, 1)
	go func() { heard <- r.listen() }()

	var err error
	select {
	case <-ctx.Done():
	case err = <-heard:
		heard <- nil
	}
	s.stop(r, lib, cut, libEnd)
	_ = main.Close()
	<-heard
	if err != nil {
		return fmt.Errorf("serve tftp on %s: %w", main.LocalAddr(), err)
	}
	return nil
}

// library makes the library's server, which speaks through a relay only.
func (s *Server) library(answer func(io.ReaderFrom) error) *tftp.Server {
	lib := tftp.NewServer(func(_ string, rf io.ReaderFrom) (err error) {
		err = errRefused // what a panic leaves behind
		defer s.recovered()
		return answer(rf)
	}, nil)
	lib.EnableSinglePort() // one socket, the relay
	lib.SetBlockSizeNegotiation(false)
	lib.SetBlockSize(s.cfg.BlockSize)
	lib.SetTimeout(s.cfg.Longest + 24*time.Hour) // the relay keeps the time
	return lib
}

// drive runs the library's loop until it is shut down, through panics if it must:
// the loop holds no lock when it could, and can go on.
func (s *Server) drive(lib *tftp.Server, r *relay) {
	for done := false; !done; {
		func() {
			defer s.recovered()
			if err := lib.Serve(r); err != nil {
				s.log.Error("the TFTP library gave up", "err", err)
			}
			done = true
		}()
	}
}

// stop lets transfers finish, then ends them, and waits for all of it.
func (s *Server) stop(r *relay, lib *tftp.Server, cut context.CancelFunc, libEnd <-chan struct{}) {
	r.mu.Lock()
	r.stopping = true
	if len(r.byNumber) == 0 {
		close(r.empty)
	}
	r.mu.Unlock()
	bound := time.NewTimer(s.cfg.StopWithin)
	defer bound.Stop()
	select {
	case <-r.empty:
	case <-bound.C:
		s.log.Warn("transfers still ran at the end and were broken off")
	}
	cut()
	r.mu.Lock()
	left := make([]*transfer, 0, len(r.byNumber))
	for _, t := range r.byNumber {
		left = append(left, t)
	}
	r.mu.Unlock()
	for _, t := range left {
		r.abandon(t)
	}
	lib.Shutdown()
	<-libEnd
	_ = r.Close()
	r.running.Wait()
}
