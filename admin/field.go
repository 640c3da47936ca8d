package admin

import (
	"bytes"
	"encoding/json"
)

// UnmarshalJSON notes that the field is given, also as null. It decodes as
// strictly as the body around it.
func (f *Field[T]) UnmarshalJSON(data []byte) error {
	var v T
	if !bytes.Equal(data, []byte("null")) {
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&v); err != nil {
			return err
		}
	}
	*f = Field[T]{Given: true, Value: v}
	return nil
}
