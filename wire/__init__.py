"""What crosses the gap between warehouse and cloud: labels, topics, messages, and the one MQTT client file."""
