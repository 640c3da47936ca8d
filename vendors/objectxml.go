package vendors

import "strings"

// objectXML is the parameter list of the OBi stack: objects, whose names end in
// a dot, with parameters below them. A parameter's full name is both together,
// "VoiceService.1.VoiceProfile.1.SIP.ProxyServer".
type objectXML struct {
	escape escaper
}

func (f objectXML) holdsName(name string) bool {
	return wordName(name) && strings.Contains(name, ".") && !strings.HasSuffix(name, ".")
}

func (f objectXML) write(s *scratch, ps params) ([]byte, error) {
	b := append(s.out[:0], "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ParameterList>\n"...)
	open := ""
	for _, p := range ps {
		if p.from != nil && !f.holdsName(p.key) {
			return nil, badName(p)
		}
		cut := strings.LastIndexByte(p.key, '.') + 1
		if object := p.key[:cut]; object != open {
			if open != "" {
				b = append(b, "</O>\n"...)
			}
			b = append(append(append(b, "<O><N>"...), object...), "</N>\n"...)
			open = object
		}
		b = append(append(append(b, "<P><N>"...), p.key[cut:]...), "</N><V>"...)
		var err error
		if b, err = f.escape(b, p.value); err != nil {
			return nil, p.refuse(err)
		}
		b = append(b, "</V></P>\n"...)
	}
	if open != "" {
		b = append(b, "</O>\n"...)
	}
	return append(b, "</ParameterList>\n"...), nil
}
