package admin

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/lineside/lineside/provision"
)

// streamWrite is how long a watcher may take to read one line.
const streamWrite = 10 * time.Second

// getWatch streams the running account as one JSON object a line: what was, then
// with follow=true what happens, until the caller goes or the box stops. Empty
// lines keep proxies and the caller's patience alive.
func (s *Server) getWatch(c *call) error {
	mac, err := c.optionalMAC()
	if err != nil {
		return err
	}
	follow, err := c.flag("follow")
	if err != nil {
		return err
	}
	st := stream{c: c, out: http.NewResponseController(c.w)}
	if !follow {
		c.w.Header().Set("Content-Type", "application/x-ndjson")
		_ = st.steps(s.dep.Desk.Recent(mac)) // only a caller that went away
		return nil
	}
	select {
	case s.watchers <- struct{}{}:
		defer func() { <-s.watchers }()
	default:
		e := fail(http.StatusServiceUnavailable, "too many are watching already", "end another watch, or ask without follow")
		e.Retry = "5"
		return e
	}
	ctx, cancel := context.WithCancel(c.r.Context())
	defer cancel()
	// Watch first, so that nothing falls between the two; what is then in both
	// is told once.
	live := s.dep.Desk.Watch(ctx, mac)
	recent := s.dep.Desk.Recent(mac)
	c.w.Header().Set("Content-Type", "application/x-ndjson")
	// The caller has nothing more to say: without this the time-out for its
	// request would end the stream.
	if err := st.out.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	if err := st.steps(recent); err != nil {
		return nil // the caller went away
	}
	s.follow(c, st, live, recent)
	// The last line's time may be long over; the end of the stream has its own.
	_ = st.out.SetWriteDeadline(time.Now().Add(streamWrite))
	return nil
}

func (s *Server) follow(c *call, st stream, live <-chan provision.Step, recent []provision.Step) {
	told := make(map[provision.Step]bool, len(recent))
	for _, step := range recent {
		told[step] = true
	}
	beat := time.NewTicker(s.cfg.Heartbeat)
	defer beat.Stop()
	for {
		var err error
		select {
		case <-c.stopped:
			return
		case <-c.r.Context().Done():
			return
		case step, open := <-live:
			if !open {
				return
			}
			if told[step] {
				continue
			}
			err = st.steps([]provision.Step{step})
		case <-beat.C:
			err = st.line(nil)
			clear(told) // whatever was in both has come by now
		}
		if err != nil {
			return
		}
	}
}

// stream writes lines and sees to it that they leave.
type stream struct {
	c   *call
	out *http.ResponseController
}

func (st stream) steps(list []provision.Step) error {
	for _, step := range list {
		line, err := json.Marshal(step)
		if err != nil {
			return err
		}
		if err := st.write(line); err != nil {
			return err
		}
	}
	return st.out.Flush()
}

func (st stream) line(text []byte) error {
	if err := st.write(text); err != nil {
		return err
	}
	return st.out.Flush()
}

func (st stream) write(text []byte) error {
	if err := st.out.SetWriteDeadline(time.Now().Add(streamWrite)); err != nil {
		return err
	}
	_, err := st.c.w.Write(append(text, '\n'))
	return err
}
