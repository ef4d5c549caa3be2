package bench

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"time"
)

// systemRoots is where distributions keep the authorities that they trust. A
// subject reads them all before its first TLS connection, as it does in Lambda,
// so they are in the file that it is given.
var systemRoots = []string{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"}

// certify makes an authority and, by it, the certificate of the doubles. What the
// subjects are to trust is written to the file named roots: the authority, and those
// in the first of the given files that there is.
func certify(roots string, others ...string) (tls.Certificate, error) {
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	now := time.Now()
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "the benchmark's authority"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	authorityDER, err := x509.CreateCertificate(rand.Reader, authority, authority, authorityKey.Public(), authorityKey)
	if err != nil {
		return tls.Certificate{}, err
	}
	if authority, err = x509.ParseCertificate(authorityDER); err != nil {
		return tls.Certificate{}, err
	}
	if err := writeRoots(roots, authorityDER, others); err != nil {
		return tls.Certificate{}, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "the benchmark's doubles"},
		NotBefore: authority.NotBefore, NotAfter: authority.NotAfter, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, authority, key.Public(), authorityKey)
	return tls.Certificate{Certificate: [][]byte{leafDER, authorityDER}, PrivateKey: key}, err
}

func writeRoots(name string, authority []byte, others []string) error {
	content := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority})
	for _, other := range others {
		if bundle, err := os.ReadFile(other); err == nil {
			content = append(content, bundle...)
			break
		}
	}
	return os.WriteFile(name, content, 0o600)
}
