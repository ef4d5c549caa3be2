// Package site names the Datadog sites and their hosts. A key of one site is invalid at
// all others.
package site

import (
	"fmt"
	"slices"
	"strings"
)

// Site is a site parameter of
// https://docs.datadoghq.com/getting_started/site/, such as "us5.datadoghq.com".
type Site string

// The sites.
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

	Default = US1
)

var all = []Site{US1, US3, US5, EU1, AP1, AP2, UK1, Gov, Gov2}

// All returns all sites in the order for people.
func All() []Site { return slices.Clone(all) }

// Parse returns the site with this name.
func Parse(s string) (Site, error) {
	if slices.Contains(all, Site(s)) {
		return Site(s), nil
	}
	names := make([]string, len(all))
	for i, site := range all {
		names[i] = string(site)
	}
	return "", fmt.Errorf("%q is not a Datadog site: use one of %s", s, strings.Join(names, ", "))
}

// API returns the host of the API.
func (s Site) API() string { return "api." + string(s) }

// App returns the host of the web application, which has "app." in front of a domain
// without a subdomain only.
func (s Site) App() string {
	if strings.Count(string(s), ".") == 1 {
		return "app." + string(s)
	}
	return string(s)
}

// EventIntake returns the host of the Events API v2
// (https://docs.datadoghq.com/api/latest/events/#post-an-event).
func (s Site) EventIntake() string { return "event-management-intake." + string(s) }

func (s Site) String() string { return string(s) }
