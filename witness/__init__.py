"""A witness of logs (c2sp.org/tlog-witness): signs that a log has only grown, and keeps what contradicts that."""
