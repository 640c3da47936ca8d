package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/provision"
)

// Emergencies knows the emergency calls nobody took.
type Emergencies interface {
	UnhelpedCalls() []provision.UnhelpedCall
	AcknowledgeEmergencies(ctx context.Context, by audit.Actor, through uint64) (int, error)
}

// UnhelpedCalls are the emergency calls nobody took and nobody has acknowledged,
// the oldest first.
type UnhelpedCalls struct {
	Calls []provision.UnhelpedCall `json:"calls"`
	Next  string                   `json:"next,omitempty"`
}

// AcknowledgeInput says up to which call an operator knows of them: its number.
// Calls that fail later are not acknowledged unseen.
type AcknowledgeInput struct {
	Through uint64 `json:"through"`
}

// LostNumbers are emergency numbers that what operators wrote keeps phones from
// dialling as they should.
type LostNumbers struct {
	Lost []provision.LostNumber `json:"lost"`
}

// Acknowledged says how many calls were.
type Acknowledged struct {
	Calls int `json:"calls"`
}

func (s *Server) getEmergencies(c *call) error {
	out := UnhelpedCalls{Calls: full(s.dep.Desk.UnhelpedCalls())}
	if len(out.Calls) > 0 {
		out.Next = "see to the callers, then: lineside emergency acknowledge"
	}
	return c.json(http.StatusOK, out)
}

// maxNumbers bounds what one question about lost numbers costs.
const maxNumbers = 64

// getLost looks with the numbers asked for, each a "number" of the query, or with
// the site's.
func (s *Server) getLost(c *call) error {
	numbers := c.r.URL.Query()["number"]
	if len(numbers) > maxNumbers {
		return fail(http.StatusUnprocessableEntity, fmt.Sprintf("%d numbers are more than %d", len(numbers), maxNumbers), "ask with fewer")
	}
	if len(numbers) == 0 {
		numbers = s.dep.Desk.Site().Emergency
	}
	lost, err := s.dep.Desk.WouldLose(numbers)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, LostNumbers{Lost: full(lost)})
}

func (s *Server) postAcknowledge(c *call) error {
	var in AcknowledgeInput
	if err := c.body(&in); err != nil {
		return err
	}
	n, err := s.dep.Desk.AcknowledgeEmergencies(c.r.Context(), c.by, in.Through)
	if errors.Is(err, provision.ErrNoUnhelpedCall) {
		return fail(http.StatusConflict, err.Error()+" up to that number", "see which do: lineside emergency list")
	}
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, Acknowledged{Calls: n})
}

// UnhelpedCalls lists the emergency calls that wait for an acknowledgement.
func (c *Client) UnhelpedCalls(ctx context.Context) (UnhelpedCalls, error) {
	return ask[UnhelpedCalls](ctx, c, request{method: "GET", path: "/emergency"})
}

// LostNumbers lists what phones could not dial as they should, were the numbers
// the site's; nil is those it has.
func (c *Client) LostNumbers(ctx context.Context, numbers []string) (LostNumbers, error) {
	return ask[LostNumbers](ctx, c, request{method: "GET", path: "/emergency/lost", query: url.Values{"number": numbers}})
}

// AcknowledgeEmergencies acknowledges those up to a number, and gives how many they were.
func (c *Client) AcknowledgeEmergencies(ctx context.Context, through uint64) (Acknowledged, error) {
	return ask[Acknowledged](ctx, c, request{method: "POST", path: "/emergency/acknowledge", body: AcknowledgeInput{Through: through}})
}
