// Package site knows the Datadog sites and the hosts that each of them has.
// Sites are independent of one another: a key of one is unknown to the rest.
package site

import (
	"fmt"
	"slices"
	"strings"
)

// Site is a Datadog site by its site parameter, such as "us5.datadoghq.com".
// Only Parse and the constants make a valid one.
type Site string

// The sites of https://docs.datadoghq.com/getting_started/site/.
const (
	US1  Site = "datadoghq.com"
	US3  Site = "us3.datadoghq.com"
	US5  Site = "us5.datadoghq.com"
	EU1  Site = "datadoghq.eu"
	AP1  Site = "ap1.datadoghq.com"
	AP2  Site = "ap2.datadoghq.com"
	UK1  Site = "uk1.datadoghq.com"
	Gov  Site = "ddog-gov.com"
	Gov2 Site = "us2.ddog-gov.com"
)

// Default is the site of an organisation that names none.
const Default = US1

var all = []Site{US1, US3, US5, EU1, AP1, AP2, UK1, Gov, Gov2}

// All returns every site, in the order in which people should read them.
func All() []Site { return slices.Clone(all) }

// Parse returns the site that s names. The error of any other s names the sites
// there are.
func Parse(s string) (Site, error) {
	if slices.Contains(all, Site(s)) {
		return Site(s), nil
	}
	return "", fmt.Errorf("%q is not a Datadog site: use one of %s", s, list())
}

// API returns the host of the API.
func (s Site) API() string { return "api." + string(s) }

// App returns the host of the pages that people open. Only a site that is a
// whole domain has "app." before it.
func (s Site) App() string {
	if strings.Count(string(s), ".") == 1 {
		return "app." + string(s)
	}
	return string(s)
}

// EventIntake returns the host that takes events of the v2 API
// (https://docs.datadoghq.com/api/latest/events/#post-an-event).
func (s Site) EventIntake() string { return "event-management-intake." + string(s) }

func (s Site) String() string { return string(s) }

func list() string {
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = string(s)
	}
	return strings.Join(names, ", ")
}
