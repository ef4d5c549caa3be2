package enrich

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestLine(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"what_fits_stays":                      {"connection lost", "connection lost"},
		"nothing_stays_nothing":                {" \n\t ", ""},
		"lines_become_one":                     {"a\r\n\tb\u2028c  d ", "a b c d"},
		"what_shows_nothing_goes":              {"a\x00\x1b[31mb\u202ec\u200bd\xff", "a[31mbcd"},
		"what_is_too_long_ends_in_an_ellipsis": {"0123456789abcdefg", "0123456789abcde…"},
		"no_space_before_the_ellipsis":         {"0123456789abcd efg", "0123456789abcd…"},
		"characters_count_and_not_bytes":       {strings.Repeat("é", 16), strings.Repeat("é", 16)},
		"no_character_is_cut":                  {strings.Repeat("é", 17), strings.Repeat("é", 15) + "…"},
		"a_megabyte_is_one_line":               {strings.Repeat("ab ", 1<<20), "ab ab ab ab ab…"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Line(tt.text, 16); got != tt.want || !utf8.ValidString(got) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
