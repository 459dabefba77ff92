"""Live view: a camera's pictures to the cloud by WebRTC while somebody looks, and no longer."""
