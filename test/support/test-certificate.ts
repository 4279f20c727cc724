/**
 * A self-signed certificate for `localhost`, 127.0.0.1 and ::1, valid for a hundred years, and its key. For tests only: the key is public.
 * Made by `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=localhost
 * -addext "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1"`.
 */
export const testCertificate = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBrTCCAVSgAwIBAgIUaw7du/sYuuSmj2FWG44D7M7qZwwwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzIxMDQ0NFoYDzIxMjYxMDMw
MjEwNDQ0WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQQDFj6uPGZ+U0gKSGm18RcznsLV+OgapamnKsR4vc+p2AieVokUdUt
hc8rZiXLDf1PbtdRuJP+MFeu3RvMGExbo4GBMH8wHQYDVR0OBBYEFBaTIXcbKytl
OVbLl1K8xIKPrclXMB8GA1UdIwQYMBaAFBaTIXcbKytlOVbLl1K8xIKPrclXMA8G
A1UdEwEB/wQFMAMBAf8wLAYDVR0RBCUwI4IJbG9jYWxob3N0hwR/AAABhxAAAAAA
AAAAAAAAAAAAAAABMAoGCCqGSM49BAMCA0cAMEQCIARlr+BwlCcIu0UY875WmFBA
T3jQDAOiyFBw6abKNovzAiB/pPt0LA5FDUocZVpQREC8pJ0yUtl9PsIsKM7UvS4R
Mw==
-----END CERTIFICATE-----
`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQglSsXyCu2prkUjiL8
qu82JM8M/9IfmMwSFRGEZj05a6OhRANCAAQQDFj6uPGZ+U0gKSGm18RcznsLV+Og
apamnKsR4vc+p2AieVokUdUthc8rZiXLDf1PbtdRuJP+MFeu3RvMGExb
-----END PRIVATE KEY-----
`,
} as const;
