package portal

// Health says that the platform answers.
type Health struct {
	OK bool `json:"ok"`
}

func (s *Server) getHealth(*call) (any, error) {
	if err := s.p.Check(); err != nil {
		return nil, err
	}
	return Health{OK: true}, nil
}

func (s *Server) getMetrics(c *call) (any, error) {
	s.metrics.Handler().ServeHTTP(c.w, c.r)
	return nil, nil
}
