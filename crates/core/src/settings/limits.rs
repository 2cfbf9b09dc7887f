//! The settings that bound what clients can use up: hashing, connections, failed log-ins.

use std::time::Duration;

use super::net::IpNet;
